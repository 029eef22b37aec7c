"""ACF and PACF: how a consumer's series follows itself, over two days of half-hours."""

import numpy as np

from crocs_cli.paper.extra import load

LAGS = 96


def autocorrelations(series: np.ndarray) -> np.ndarray:
    """Return the autocorrelations at lags 1 to 96 of every series: (n, length) to (n, 96).

    Source: paper section 5.4.1, after its reference [8].
    """
    acf = load("statsmodels.tsa.stattools").acf
    return np.array([acf(one, nlags=LAGS, fft=True)[1:] for one in series])


def partial_autocorrelations(series: np.ndarray) -> np.ndarray:
    """Return the partial autocorrelations at lags 1 to 96, by Yule and Walker: (n, length) to (n, 96)."""
    pacf = load("statsmodels.tsa.stattools").pacf
    return np.array([pacf(one, nlags=LAGS, method="ldb")[1:] for one in series])
