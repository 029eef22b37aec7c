"""DCE: the parameters of the map from a consumer's last few readings to the next one."""

import numpy as np


def map_parameters(series: np.ndarray, dimension: int, delay: int) -> np.ndarray:
    """Fit x(t + 1) = c + sum over d of w_d x(t - d delay) to every series by least squares.

    series: (n, length). Returns (n, dimension + 1): the constant, then the weight of each coordinate, newest
    first. Source: paper section 5.4.1, the analytical solution in place of a linear neural regression.
    """
    span = (dimension - 1) * delay
    parameters = np.empty((len(series), dimension + 1))
    for row, one in zip(parameters, series, strict=True):
        newest = np.arange(span, len(one) - 1)
        states = one[newest[:, None] - delay * np.arange(dimension)]
        design = np.column_stack([np.ones(len(newest)), states])
        row[:] = np.linalg.lstsq(design, one[newest + 1], rcond=None)[0]
    return parameters
