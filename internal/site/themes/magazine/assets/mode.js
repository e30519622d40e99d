// The reader's choice of light or dark, applied before anything is drawn.
(function () {
  "use strict";
  var root = document.documentElement, saved = null;
  root.dataset.js = ""; // what needs scripts is there from the first line drawn
  try { saved = localStorage.getItem("mode"); } catch (e) { /* storage is off: follow the system */ }
  if (saved === "dark" || saved === "light") root.dataset.mode = saved;
  // "/" leads to the search, from wherever nothing is being typed.
  document.addEventListener("keydown", function (e) {
    if (e.key !== "/" || e.ctrlKey || e.metaKey || e.altKey || /^(input|textarea|select)$/i.test(e.target.tagName) || e.target.isContentEditable) return;
    var find = document.querySelector("[aria-keyshortcuts='/']");
    if (!find) return;
    e.preventDefault();
    var box = document.querySelector("[data-search] input");
    if (box) box.focus(); else find.click();
  });
  document.addEventListener("DOMContentLoaded", function () {
    var button = document.querySelector(".mode");
    if (!button) return;
    var system = matchMedia("(prefers-color-scheme: dark)");
    function dark() { return root.dataset.mode ? root.dataset.mode === "dark" : system.matches; }
    function show() { button.setAttribute("aria-pressed", String(dark())); }
    show();
    system.addEventListener("change", show);
    button.addEventListener("click", function () {
      root.dataset.mode = dark() ? "light" : "dark";
      try { localStorage.setItem("mode", root.dataset.mode); } catch (e) { /* lasts for this page */ }
      show();
    });
  });
})();
