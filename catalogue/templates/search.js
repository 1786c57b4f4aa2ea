"use strict";
// Filters the rows of the index by words, body and type. Without scripts the whole list is shown.
(function () {
  var form = document.getElementById("search");
  var rows = Array.prototype.slice.call(document.querySelectorAll("table.items tbody tr"));
  var groups = Array.prototype.slice.call(document.querySelectorAll("section.group"));

  function value(id) {
    return document.getElementById(id).value;
  }

  function filter() {
    var words = value("words").toLowerCase().split(/\s+/).filter(Boolean);
    var body = value("body");
    var type = value("type");
    var shown = 0;
    rows.forEach(function (row) {
      var text = row.getAttribute("data-text");
      var fits =
        (!body || row.getAttribute("data-body") === body) &&
        (!type || row.getAttribute("data-type") === type) &&
        words.every(function (word) { return text.indexOf(word) >= 0; });
      row.hidden = !fits;
      shown += fits ? 1 : 0;
    });
    groups.forEach(function (group) {
      group.hidden = !group.querySelector("tbody tr:not([hidden])");
    });
    document.getElementById("shown").textContent = String(shown);
    document.getElementById("nothing").hidden = shown > 0;
  }

  form.hidden = false;
  form.addEventListener("input", filter);
  form.addEventListener("submit", function (event) { event.preventDefault(); });
  var asked = decodeURIComponent(location.hash.slice(1));
  if (asked) {
    document.getElementById("words").value = asked;
  }
  filter();
})();
