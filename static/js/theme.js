// The zone in which the server writes times.
(function () {
  try {
    var zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (zone) document.cookie = "zone=" + zone + "; path=/; max-age=31536000; samesite=lax";
  } catch (error) { /* UTC then */ }
})();
// Before the first paint: a reader who follows his system gets its theme, and its changes.
(function () {
  var root = document.documentElement;
  if (root.dataset.theme !== "auto") return;
  var dark = matchMedia("(prefers-color-scheme: dark)");
  function follow() { root.dataset.bsTheme = dark.matches ? "dark" : "light"; }
  dark.addEventListener("change", follow);
  follow();
})();
