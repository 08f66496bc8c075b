/* What sphinx-book-theme leaves to do for readers who use a keyboard or a screen reader. */

// Boxes that scroll sideways can be scrolled by keyboard only when they can have the focus.
// The theme sees to code and tables; formulas are ours.
function markIfItScrolls(formula) {
  if (formula.scrollWidth > formula.clientWidth) {
    formula.tabIndex = 0;
    formula.setAttribute("role", "group");
    formula.setAttribute("aria-label", "Formula, scrolls sideways");
  } else {
    for (const name of ["tabindex", "role", "aria-label"]) formula.removeAttribute(name);
  }
}

// The observer reports each formula once it is laid out, and again when its width changes:
// asking for widths at any other moment would make the browser lay out the page once more.
function watchFormulas() {
  const observer = new ResizeObserver((entries) => {
    for (const entry of entries) markIfItScrolls(entry.target);
  });
  for (const formula of document.querySelectorAll("div.math .katex-display")) {
    observer.observe(formula);
  }
}

// A name that differs from the words on the button is of no use to someone who speaks them.
function nameButtonsByTheirText() {
  for (const button of document.querySelectorAll("button.search-button-field")) {
    button.removeAttribute("aria-label");
  }
}

// The book's title stands outside every landmark.
function putTitleInLandmark() {
  const title = document.querySelector(".bd-sidebar-primary .navbar-brand");
  if (title && !title.closest("nav, [role=navigation]")) {
    title.parentElement.setAttribute("role", "navigation");
    title.parentElement.setAttribute("aria-label", "Book title");
  }
}

// The arrow that opens a group of pages has no name.
function nameGroupsOfPages() {
  for (const arrow of document.querySelectorAll(".bd-links details > summary")) {
    const group = arrow.closest("li").querySelector("a, .caption");
    arrow.setAttribute("aria-label", `Pages of ${group.textContent.trim()}`);
  }
}

watchFormulas();
nameButtonsByTheirText();
nameGroupsOfPages();
putTitleInLandmark();
