"""DWT: the wavelet coefficients of a consumer's series."""

from collections.abc import Iterator

import numpy as np

from crocs_cli.paper.extra import load

WAVELETS = ("haar", "coif8")


def wavelet_features(series: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Yield (setting, coefficients (n, c)) for both wavelets, every level, and what is kept of each.

    series: (n, length). Kept are `all` coefficients, those of the last `approximation`, or the `last-pair` of
    approximation and detail. Source: paper section 5.4.1, after its reference [104].
    """
    pywt = load("pywt")
    for wavelet in WAVELETS:
        for level in range(1, pywt.dwt_max_level(series.shape[1], wavelet) + 1):
            bands = pywt.wavedec(series, wavelet, level=level, axis=1)
            kept = {"all": bands, "approximation": bands[:1], "last-pair": bands[:2]}
            for name, some in kept.items():
                yield f"{wavelet} level {level} {name}", np.concatenate(some, axis=1)
