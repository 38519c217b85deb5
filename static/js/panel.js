// Small conveniences; every page works without them.
(function () {
  "use strict";
  var REVEALED_MS = 30000;
  var said = document.getElementById("said");

  function say(text) {
    if (said) said.textContent = text;
  }

  function prepare(root) {
    root.querySelectorAll("[data-close], [data-copy], [data-copy-secret]").forEach(function (button) { button.hidden = false; });
    root.querySelectorAll(".tabs, .state-line").forEach(function (bar) {
      var current = bar.querySelector("[aria-current]");
      if (current) bar.scrollLeft = current.offsetLeft - (bar.clientWidth - current.offsetWidth) / 2;
    });
    root.querySelectorAll("[data-revealed]").forEach(function (secret) {
      setTimeout(function () { hide(secret); }, REVEALED_MS);
    });
    root.querySelectorAll("[data-shortcuts]").forEach(function (box) {
      box.checked = !shortcutsAreOff();
      box.addEventListener("change", function () { localStorage.setItem("shortcuts", box.checked ? "on" : "off"); });
    });
    root.querySelectorAll("[data-all]").forEach(function (label) { label.hidden = false; });
    var faults = root.querySelector("[data-focus]");
    if (faults) faults.focus();
  }

  function hide(secret) {
    var masked = secret.querySelector("template");
    if (!masked || !secret.isConnected) return;
    secret.replaceWith(masked.content.cloneNode(true));
    if (window.htmx) window.htmx.process(document.body);
    say(document.documentElement.dataset.hidden || "");
  }

  function copy(button) {
    var source = document.getElementById(button.dataset.copy);
    var text = (source.value || source.textContent).trim();
    var done = button.dataset.copied;
    function select() {
      var range = document.createRange();
      range.selectNodeContents(source);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
    }
    if (!navigator.clipboard) { select(); return; }
    navigator.clipboard.writeText(text).then(function () {
      say(done);
      button.querySelector("span").textContent = done;
    }, select);
  }

  // A secret is copied without being shown; it is recorded all the same. Where that may not be, it is shown.
  function copySecret(button) {
    var form = button.closest("form");
    function show() { form.requestSubmit(); }
    fetch(form.action, { method: "POST", body: new FormData(form), headers: { "HX-Request": "true" } }).then(function (answer) {
      var away = answer.headers.get("HX-Redirect");
      if (away) { location.assign(away); return null; }
      return answer.text();
    }).then(function (text) {
      if (text === null) return null;
      var secret = new DOMParser().parseFromString(text, "text/html").querySelector("[data-revealed] code");
      return navigator.clipboard.writeText(secret.textContent.trim()).then(function () {
        say(button.dataset.copied);
        button.querySelector("span").textContent = button.dataset.copied;
      });
    }).catch(show);
  }

  document.addEventListener("click", function (event) {
    var button = event.target.closest("[data-close], [data-copy], [data-copy-secret]");
    if (button && "close" in button.dataset) button.closest(".note").remove();
    else if (button && "copySecret" in button.dataset) copySecret(button);
    else if (button) copy(button);
    document.querySelectorAll("details.me[open], details.tool[open]").forEach(function (menu) {
      if (!menu.contains(event.target)) menu.open = false;
    });
  });

  document.addEventListener("change", function (event) {
    if (!event.target.closest("[data-all]")) return;
    event.target.closest(".list").querySelectorAll("[name=row]").forEach(function (box) {
      box.checked = event.target.checked;
    });
  });
  // A column is moved where it stands; without a script the server does it.
  document.addEventListener("click", function (event) {
    var button = event.target.closest("[data-move]");
    var row = button && button.closest("li");
    var other = row && (button.dataset.move === "up" ? row.previousElementSibling : row.nextElementSibling);
    if (!button) return;
    event.preventDefault();
    if (!other || !other.querySelector("[data-move]")) return;
    if (button.dataset.move === "up") other.before(row);
    else other.after(row);
    button.focus();
  });

  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape") {
      document.querySelectorAll("details.me[open], details.fold[open], details.tool[open]").forEach(function (menu) {
        menu.open = false;
        menu.querySelector("summary").focus();
      });
    }
    if (event.target.closest(TYPED_INTO) || event.ctrlKey || event.metaKey || event.altKey || shortcutsAreOff()) return;
    if (document.querySelector("dialog[open]") === null) {
      if (event.key === "/") { event.preventDefault(); find(); }
      else if (event.key === "?") showShortcuts();
      else if (event.key === "b") actOnRows();
    }
    if (going && PLACES[event.key]) location.assign(PLACES[event.key]);
    going = event.key === "g";
  });

  var TYPED_INTO = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";
  var going = false; // after `g`
  var PLACES = {
    d: "/", l: "/licenses/", r: "/license-requests/", s: "/subscriptions/", o: "/orders/", p: "/plugins/", a: "/activity/"
  };

  function find() {
    var box = document.getElementById("q") || document.getElementById("find");
    var fold = document.querySelector("details.fold");
    if (!box) return;
    if (box.id === "find" && fold && fold.offsetParent) fold.open = true;
    box.focus();
    box.select();
  }

  // What can be done with ticked rows stands above them all.
  function actOnRows() {
    var first = document.querySelector(".bulk-bar button");
    if (first && first.offsetParent) first.focus();
  }

  function shortcutsAreOff() {
    try { return localStorage.getItem("shortcuts") === "off"; } catch (error) { return false; }
  }

  function showShortcuts() {
    fetch("/shortcuts/", { credentials: "same-origin" }).then(function (answer) { return answer.text(); }).then(function (text) {
      var page = new DOMParser().parseFromString(text, "text/html");
      var sheet = page.getElementById("shortcuts");
      if (!sheet) return;
      var dialog = document.createElement("dialog");
      dialog.className = "sheet-dialog";
      dialog.setAttribute("aria-labelledby", "shortcuts-title");
      dialog.setAttribute("closedby", "any");
      var title = document.createElement("h2");
      title.id = "shortcuts-title";
      title.textContent = page.querySelector("h1").textContent;
      dialog.append.apply(dialog, [title].concat(Array.from(sheet.childNodes)));
      dialog.addEventListener("close", function () { dialog.remove(); });
      document.body.append(dialog);
      prepare(dialog);
      dialog.showModal();
    });
  }

  // What comes by itself says one sentence to who does not see it, and only where that is another one than before.
  var told = "";
  document.addEventListener("htmx:load", function (event) {
    var part = event.detail.elt;
    if (!part.matches("[data-say]")) part = part.querySelector("[data-say]");
    var text = part && (part.dataset.say || part.querySelector("h2").textContent).trim();
    if (!text || text === told) return;
    told = text;
    if (event.detail.elt !== document.body) say(told);
  });

  // A form that is being sent is not sent again by a second click.
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    setTimeout(function () {
      form.querySelectorAll("button").forEach(function (button) { button.disabled = true; });
    });
  });
  window.addEventListener("pageshow", function (event) {
    if (event.persisted) location.reload();
  });

  // Signed out meanwhile: the answer is the login page, which belongs on a page of its own.
  document.addEventListener("htmx:beforeSwap", function (event) {
    if (/\/accounts\/login\//.test(event.detail.xhr.responseURL)) {
      event.detail.shouldSwap = false;
      location.reload();
    }
  });
  // What somebody asked for and does not get is said by a page of its own; what comes by itself is just asked again.
  document.addEventListener("htmx:responseError", function (event) {
    var given = event.detail, asked = given.elt, form = asked.closest("form");
    if (given.requestConfig.verb === "get") {
      if (asked.matches("a, form")) location.assign(given.xhr.responseURL);
    } else if (form) {  // once more, as without a script
      if (asked.hasAttribute("formaction")) form.action = asked.formAction;
      HTMLFormElement.prototype.submit.call(form);
    }
  });
  // What was typed into the search while its answer was on the way is kept, and searched for next.
  var typing = null;
  document.addEventListener("htmx:beforeSwap", function () {
    var box = document.activeElement;
    typing = box && box.id === "q" ? { value: box.value, at: box.selectionStart } : null;
  });
  document.addEventListener("htmx:afterSwap", function () {
    var box = document.getElementById("q");
    if (!typing || !box) return;
    typing.more = box.value !== typing.value;
    box.value = typing.value;
    box.focus();
    box.setSelectionRange(typing.at, typing.at);
  });
  document.addEventListener("htmx:afterSettle", function () {
    var box = document.getElementById("q");
    if (typing && typing.more && box) box.form.requestSubmit();
    typing = null;
  });
  // A part that took the focus away with it, as the last page its link to the next: it goes to the content.
  var wasFocused = false;
  document.addEventListener("htmx:beforeSwap", function () { wasFocused = document.activeElement !== document.body; });
  document.addEventListener("htmx:afterSettle", function () {
    var content = document.getElementById("main");
    if (wasFocused && document.activeElement === document.body && content) content.focus({ preventScroll: true });
  });
  // Nobody looks: nothing is asked.
  document.addEventListener("htmx:beforeRequest", function (event) {
    if (document.hidden) event.preventDefault();
  });
  document.addEventListener("htmx:load", function (event) { prepare(event.detail.elt.parentElement || document); });
  if (document.readyState !== "loading") prepare(document);
  else document.addEventListener("DOMContentLoaded", function () { prepare(document); });
})();
