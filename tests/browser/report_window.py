"""The window of a report: how a person chooses it, and which one is chosen."""

from __future__ import annotations

from playwright.async_api import Locator, Page


def chosen_window(page: Page) -> Locator:
    """The field that shows it; its value is its name."""
    return page.get_by_role('combobox', name='Window')


async def choose_window(page: Page, name: str) -> None:
    """Open the list and press a name."""
    await chosen_window(page).click()
    await page.get_by_role('option', name=name, exact=True).click()
