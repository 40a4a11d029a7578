"""The page of an error: one sentence, and the way back."""

from fastapi import Request
from fastapi.responses import HTMLResponse

from app.site import render


def error_page(request: Request, status: int, sentence: str) -> HTMLResponse:
    """Say what went wrong."""
    return render(request, "error.html", None, status=status, error_status=status, sentence=sentence)
