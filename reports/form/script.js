/* Sorts, filters, picks a job. Without it everything is still on the page. */
(function () {
	"use strict";
	var all = function (sel, at) { return Array.prototype.slice.call((at || document).querySelectorAll(sel)); };

	function key(row, column) {
		var cell = row.cells[column], v;
		if (!cell) return null;
		v = cell.getAttribute("data-v");
		if (v !== null) return parseFloat(v);
		return cell.classList.contains("t") ? cell.textContent.trim() : null;
	}
	function sort(table, head, column) {
		var down = head.getAttribute("aria-sort") === "ascending", body = table.tBodies[0];
		all("th[aria-sort]", table).forEach(function (h) { h.removeAttribute("aria-sort"); });
		head.setAttribute("aria-sort", down ? "descending" : "ascending");
		all("tr", body).map(function (row, i) {
			return { row: row, i: i, k: row.hasAttribute("data-dead") ? null : key(row, column) };
		}).sort(function (a, b) {
			if ((a.k === null) !== (b.k === null)) return a.k === null ? 1 : -1; /* absent stays last */
			if (a.k === b.k || a.k === null) return a.i - b.i;
			return (typeof a.k === "string" ? a.k.localeCompare(b.k, "en", { numeric: true }) : a.k - b.k) * (down ? -1 : 1);
		}).forEach(function (e) { body.appendChild(e.row); });
	}
	all("table.matrix").forEach(function (table) {
		all("thead th", table).forEach(function (head, column) {
			if (head.hasAttribute("data-nosort") || head.colSpan > 1) return;
			var b = document.createElement("button");
			b.type = "button";
			while (head.firstChild) b.appendChild(head.firstChild);
			head.appendChild(b);
			b.addEventListener("click", function () { sort(table, head, column); });
		});
	});

	var picks = all(".filters select");
	function filter() {
		all("table.matrix tbody tr, details.cell").forEach(function (e) {
			e.hidden = picks.some(function (s) {
				return s.value && e.getAttribute("data-a" + s.getAttribute("data-axis")) !== s.value;
			});
		});
	}
	all(".filters").forEach(function (f) { f.hidden = false; });
	picks.forEach(function (s) { s.addEventListener("change", filter); });

	var job = document.getElementById("job");
	function pick() {
		all(".job").forEach(function (e) { e.hidden = job.value !== "" && e.getAttribute("data-job") !== job.value; });
	}
	if (job) {
		job.parentNode.hidden = false;
		job.addEventListener("change", pick);
		pick();
	}

	function follow() {
		var at = location.hash && document.getElementById(location.hash.slice(1));
		var part = at && at.closest(".job"), fold = at && at.closest("details");
		if (!at) return;
		if (part && part.hidden) { job.value = part.getAttribute("data-job"); pick(); }
		if (fold) fold.open = true;
		if (part || fold) at.scrollIntoView();
	}
	window.addEventListener("hashchange", follow);
	follow();
})();
