"""Client of Livegate, the self-hosted face liveness service."""

from livegate._answer import Info, info
from livegate._async import AsyncLivegate
from livegate._media import Media, Picture
from livegate._requests import InteractiveOptions, VerifyOptions
from livegate._sync import Livegate
from livegate.errors import ApiError, LivegateError, NewSessionNeeded, NoAnswer, ReceiptInvalid

__version__ = "0.1.0"

__all__ = [
    "ApiError",
    "AsyncLivegate",
    "Info",
    "InteractiveOptions",
    "Livegate",
    "LivegateError",
    "Media",
    "NewSessionNeeded",
    "NoAnswer",
    "Picture",
    "ReceiptInvalid",
    "VerifyOptions",
    "info",
]
