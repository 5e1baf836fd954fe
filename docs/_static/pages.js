// What the theme leaves out for who reads by keyboard or screen reader.
"use strict";

// Whatever scrolls sideways can be reached by the keyboard, and nothing else becomes a stop on the way.
function reachable() {
  for (const each of document.querySelectorAll(".table-wrapper, .highlight pre")) {
    if (each.scrollWidth > each.clientWidth) {
      each.tabIndex = 0;
    } else {
      each.removeAttribute("tabindex");
    }
  }
}

document.addEventListener("DOMContentLoaded", () => {
  document.querySelector(".sidebar-drawer")?.setAttribute("aria-label", "All pages");
  document.querySelector(".toc-drawer")?.setAttribute("aria-label", "On this page");
  for (const each of document.querySelectorAll(".caption[role=heading]:not([aria-level])")) {
    each.setAttribute("aria-level", "2");
  }
  reachable();
});
addEventListener("load", reachable);
addEventListener("resize", reachable);
