"""Settings of the tables beside readings: how they are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from crocs_cli.machine.settings import Settings

if TYPE_CHECKING:
    from crocs_cli.readers.readings import Writing


def _is_an_encoding(name: str) -> str:
    try:
        "".encode("utf-8" if name == "auto" else name)
    except LookupError as error:
        raise ValueError("no such encoding; use auto, utf-8, utf-16, latin-1 or cp1252") from error
    return name


Encoding = Annotated[str, AfterValidator(_is_an_encoding)]


class TableSettings(Settings):
    """Settings of how the tables are written; the separator, the header and zip archives are recognised."""

    decimal: Literal[".", ","] = Field(".", description="decimal sign of the numbers")
    thousands: Literal["", ",", ".", " ", "'"] = Field("", description="sign between groups of three digits")
    encoding: Encoding = Field(
        "auto", description="encoding of text, such as utf-16 or cp1252; auto recognises most"
    )
    stamp_format: str | None = Field(
        None, description="form of dates or stamps, such as %d/%m/%Y; 2013-01-31 without"
    )

    @model_validator(mode="after")
    def _signs_differ(self) -> Self:
        if self.thousands == self.decimal:
            raise ValueError(f"thousands and decimal are both {self.decimal!r}; they are two signs")
        return self

    def writing(self) -> Writing:
        """Return these settings as the readers take them."""
        from crocs_cli.readers.readings import Writing

        return Writing(self.stamp_format, self.decimal, self.thousands, self.encoding)
