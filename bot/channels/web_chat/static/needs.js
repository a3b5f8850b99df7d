// What the needs pages gain where a script runs: questions that follow from answers, saving by itself, copying.
// Plain and old on purpose: built-in browsers of chat apps run it too, and every page works without it.
(function () {
  "use strict";

  var SAVE_AFTER = 2500;
  document.documentElement.className += " js";
  document.addEventListener("DOMContentLoaded", function () {
    var form = document.querySelector("[data-need-form]");
    followAnswers();
    countCharacters(form);
    pickDates(form);
    submitOnce();
    offerCopies();
    offerPrint();
    openTarget();
    window.addEventListener("hashchange", openTarget);
    if (form) {
      saveByItself(form);
      uploadAtOnce(form);
    }
    var alert = document.getElementById("errors") || document.getElementById("conflict");
    if (alert && alert.tabIndex === -1) alert.focus();
  });

  function all(selector, root) {
    return Array.prototype.slice.call((root || document).querySelectorAll(selector));
  }

  // A step's answers as they stand on the page; of a question that is not asked, none.
  function answersTo(step) {
    var field = document.getElementById("f-" + step);
    if (!field || field.hasAttribute("data-off")) return [];
    return all("[name='" + step + "']", field)
      .filter(function (input) {
        return input.type === "radio" || input.type === "checkbox" ? input.checked : true;
      })
      .map(function (input) {
        return input.value;
      })
      .filter(Boolean);
  }

  function holds(when) {
    return when.split(" ").every(function (condition) {
      var parts = condition.split(":");
      var codes = parts[1] ? parts[1].split(",") : [];
      var given = answersTo(parts[0]);
      return codes.length
        ? given.some(function (code) {
            return codes.indexOf(code) >= 0;
          })
        : given.length > 0;
    });
  }

  function followAnswers() {
    var following = all("[data-when]");
    function follow() {
      following.forEach(function (field) {
        var on = holds(field.getAttribute("data-when"));
        if (on) field.removeAttribute("data-off");
        else field.setAttribute("data-off", "");
        if (on && field.nodeName === "DETAILS") field.open = true;
      });
      keepZones();
    }
    document.addEventListener("change", follow);
    follow();
  }

  // Zones of the chosen district only.
  function keepZones() {
    var district = answersTo("district")[0];
    all("option[data-hosts]").forEach(function (option) {
      var here = !district || option.getAttribute("data-hosts").split(",").indexOf(district) >= 0;
      option.hidden = option.disabled = !here && !option.selected;
    });
  }

  function countCharacters(form) {
    all("[data-most]").forEach(function (area) {
      var most = Number(area.getAttribute("data-most"));
      var count = document.createElement("p");
      count.className = "nf-count";
      count.setAttribute("aria-hidden", "true");
      area.parentNode.insertBefore(count, area.nextSibling);
      function show() {
        var used = Array.from(area.value).length;
        count.textContent = form ? form.getAttribute("data-count").replace("{used}", used).replace("{limit}", most) : "";
        count.className = "nf-count" + (used > most ? " over" : "");
      }
      area.addEventListener("input", show);
      show();
    });
  }

  // A calendar beside a date that may also be told in words.
  function pickDates(form) {
    if (!form) return;
    all("[data-date]").forEach(function (field) {
      var picker = document.createElement("input");
      picker.type = "date";
      if (picker.type !== "date") return;
      picker.className = "date-pick";
      picker.setAttribute("aria-label", form.getAttribute("data-pick-date"));
      var row = document.createElement("span");
      row.className = "date-row";
      field.parentNode.insertBefore(row, field);
      row.appendChild(field);
      row.appendChild(picker);
      picker.addEventListener("change", function (event) {
        event.stopPropagation();
        if (!picker.value) return;
        field.value = picker.value;
        field.dispatchEvent(new Event("input", { bubbles: true }));
      });
    });
  }

  function submitOnce() {
    all("form[data-once]").forEach(function (form) {
      form.addEventListener("submit", function (event) {
        if (form.getAttribute("data-sent")) {
          event.preventDefault();
          return;
        }
        form.setAttribute("data-sent", "yes");
        all("button[type=submit]", form).forEach(function (button) {
          button.setAttribute("aria-disabled", "true");
        });
      });
    });
    // A page that the browser kept (back) may be sent again.
    window.addEventListener("pageshow", function () {
      all("form[data-sent]").forEach(function (form) {
        form.removeAttribute("data-sent");
        all("button[aria-disabled]", form).forEach(function (button) {
          button.removeAttribute("aria-disabled");
        });
      });
    });
  }

  function saveByItself(form) {
    var place = document.querySelector("[data-save-state]");
    var timer = null;
    var saving = false;
    var again = false;
    var dirty = false;
    var leaving = false;
    function say(text) {
      place.hidden = !text;
      place.textContent = text;
    }
    function later(wait) {
      clearTimeout(timer);
      timer = setTimeout(save, wait);
    }
    function changed(event) {
      if (event.target.type === "file") return;
      dirty = true;
      if (!saving) say(form.getAttribute("data-unsaved"));
      later(SAVE_AFTER);
    }
    function body() {
      var data = new FormData(form);
      if (data.delete) ["file", "licence"].forEach(function (name) { data.delete(name); });
      data.append("_do", "auto");
      return data;
    }
    function save() {
      if (leaving || !window.fetch) return;
      if (saving) {
        again = true;
        return;
      }
      saving = true;
      dirty = false;
      clearTimeout(timer);
      say(form.getAttribute("data-saving"));
      fetch(form.action, {
        method: "POST",
        body: body(),
        headers: { Accept: "application/json" },
        credentials: "same-origin",
        keepalive: document.hidden, // outlives the page, but takes no more than 64 kB
      })
        .then(function (response) {
          return response.json().then(function (told) {
            settle(told);
          });
        })
        .catch(function () {
          dirty = true;
          say(form.getAttribute("data-not-saved"));
        })
        .then(function () {
          saving = false;
          if (again) {
            again = false;
            later(SAVE_AFTER);
          }
        });
    }
    function settle(told) {
      if (told.rev && !told.conflict) form.elements._rev.value = told.rev;
      say(told.text || form.getAttribute("data-not-saved"));
      place.className = "save-state" + (told.saved ? "" : " save-failed");
      if (told.conflict) leaving = true; // only a save by hand can show what differs
    }
    form.addEventListener("input", changed);
    form.addEventListener("change", changed);
    // Whoever turns to another page or app leaves nothing behind.
    document.addEventListener("visibilitychange", function () {
      if (document.hidden && dirty) save();
    });
    // A page left by hand and come back to is fresh; one that is being sent waits for the save under way.
    form.addEventListener("submit", function (event) {
      clearTimeout(timer);
      if (saving && !form.getAttribute("data-waited")) {
        var button = event.submitter || document.activeElement;
        event.preventDefault();
        form.setAttribute("data-waited", "yes");
        leaving = true;
        wait(button, 40);
        return;
      }
      leaving = true;
    });
    function wait(button, tries) {
      if (saving && tries > 0) {
        setTimeout(function () {
          wait(button, tries - 1);
        }, 100);
        return;
      }
      saving = false;
      if (button && button.form === form && button.click) button.click();
      else form.submit();
    }
    window.addEventListener("pageshow", function () {
      leaving = false;
      form.removeAttribute("data-waited");
    });
  }

  function uploadAtOnce(form) {
    var input = form.querySelector("[data-upload]");
    if (!input) return;
    input.addEventListener("change", function () {
      var button = form.querySelector("button[value=upload]");
      if (input.files && input.files.length && button) button.click();
    });
  }

  function offerCopies() {
    all("[data-copies]").forEach(function (button) {
      button.hidden = false;
      button.addEventListener("click", function () {
        copy(button.getAttribute("data-copies"));
        var label = button.querySelector("span");
        var before = label.textContent;
        label.textContent = button.getAttribute("data-copied");
        setTimeout(function () {
          label.textContent = before;
        }, 1800);
      });
    });
  }

  function copy(text) {
    if (navigator.clipboard && window.isSecureContext) {
      navigator.clipboard.writeText(text).catch(function () {
        copyTheOldWay(text);
      });
    } else copyTheOldWay(text);
  }

  function copyTheOldWay(text) {
    var box = document.createElement("textarea");
    box.value = text;
    box.className = "visually-hidden";
    document.body.appendChild(box);
    box.select();
    document.execCommand("copy");
    document.body.removeChild(box);
  }

  function offerPrint() {
    all("[data-print]").forEach(function (button) {
      button.hidden = false;
      button.addEventListener("click", function () {
        window.print();
      });
    });
  }

  // A link to a field that lies folded away unfolds it.
  function openTarget() {
    var target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (var at = target; at; at = at.parentElement) if (at.nodeName === "DETAILS") at.open = true;
    target.scrollIntoView();
    var input = target.matches("input, select, textarea") ? target : target.querySelector("input, select, textarea");
    if (input && input.type !== "hidden") input.focus({ preventScroll: true });
  }
})();
