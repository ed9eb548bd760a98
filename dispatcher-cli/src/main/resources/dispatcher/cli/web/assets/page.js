// Keeps a page as it is in the dispatcher: takes changed elements out of a stream of events, and shows times.
'use strict';
(() => {
  const main = document.querySelector('main[data-live]');
  const status = document.getElementById('connection');
  const QUIET = 25000; // The stream gives a sign of life every 10 s.
  const AGAIN = 2000;
  let offset = Number(document.body.dataset.now) - Date.now();
  let mark = main ? main.dataset.mark : '';
  let stream = null;
  let watchdog = 0;
  const postponed = new Map();

  function amount(seconds) {
    const s = Math.max(0, Math.round(seconds));
    if (s < 60) return s + ' s';
    if (s < 3600) return Math.floor(s / 60) + ' min ' + (s % 60) + ' s';
    if (s < 86400) return Math.floor(s / 3600) + ' h ' + Math.floor(s % 3600 / 60) + ' min';
    return Math.floor(s / 86400) + ' d ' + Math.floor(s % 86400 / 3600) + ' h';
  }

  function showTimes(root) {
    const now = Date.now() + offset;
    for (const element of root.querySelectorAll('time[data-time]')) {
      const at = Date.parse(element.dateTime);
      const left = (at - now) / 1000;
      let text;
      if (element.dataset.time === 'age') text = amount(-left);
      else if (element.dataset.time === 'until') text = left >= 0 ? 'in ' + amount(left) : amount(-left) + ' ago';
      else text = new Date(at).toLocaleString();
      if (element.textContent !== text) element.textContent = text;
      if (!element.title) element.title = new Date(at).toLocaleString();
    }
  }

  // What somebody is filling in, has opened, or has selected to copy it, is not taken away.
  function isInUse(element) {
    const active = document.activeElement;
    const selection = document.getSelection();
    return element.querySelector('details[open]') !== null
      || (active && element.contains(active) && active.matches('input, textarea, select'))
      || [...element.querySelectorAll('input, textarea')].some(field => field.value !== field.defaultValue)
      || (!selection.isCollapsed && selection.containsNode(element, true));
  }

  // Like `element`, for a person: the same kind of thing with the same words.
  function isLike(element) {
    return other => other.tagName === element.tagName && other.textContent === element.textContent
      && other.getAttribute('href') === element.getAttribute('href');
  }

  // A link or button keeps the focus when the elements around it are made anew.
  function keepFocus(old, fresh, active) {
    const like = root => [...root.querySelectorAll(active.tagName)].filter(isLike(active));
    const next = like(fresh)[like(old).indexOf(active)];
    if (next) next.focus({preventScroll: true});
  }

  function put(fresh) {
    const old = document.getElementById(fresh.id);
    if (!old) return;
    if (isInUse(old)) {
      postponed.set(fresh.id, fresh);
      return;
    }
    postponed.delete(fresh.id);
    const active = document.activeElement;
    const hadFocus = active && old !== active && old.contains(active);
    showTimes(fresh);
    old.replaceWith(fresh);
    if (hadFocus) keepFocus(old, fresh, active);
  }

  function take(markup) {
    const template = document.createElement('template');
    template.innerHTML = markup;
    for (const fresh of [...template.content.children]) put(fresh);
    for (const fresh of [...postponed.values()]) put(fresh);
    document.dispatchEvent(new CustomEvent('dispatcher:changed'));
  }

  function say(text, lost) {
    if (status.textContent !== text) status.textContent = text;
    status.classList.toggle('lost', lost);
  }

  function alive() {
    say('live', false);
    clearTimeout(watchdog);
    watchdog = setTimeout(lose, QUIET);
  }

  function lose() {
    close();
    say('disconnected; trying again', true);
    watchdog = setTimeout(open, AGAIN);
  }

  function close() {
    clearTimeout(watchdog);
    if (stream) stream.close();
    stream = null;
  }

  function open() {
    close();
    stream = new EventSource(main.dataset.live + '&mark=' + encodeURIComponent(mark));
    watchdog = setTimeout(lose, QUIET);
    stream.addEventListener('change', event => {
      mark = event.lastEventId;
      take(event.data);
      alive();
    });
    stream.addEventListener('time', event => {
      offset = Number(event.data) - Date.now();
      alive();
    });
    stream.addEventListener('problem', event => {
      close();
      say(event.data, true);
    });
    stream.onerror = lose;
  }

  showTimes(document);
  setInterval(() => showTimes(document), 1000);
  if (!main) return;
  document.addEventListener('focusout', () => setTimeout(() => take(''), 0));
  document.addEventListener('selectionchange', () => {
    if (postponed.size && document.getSelection().isCollapsed) take('');
  });
  // A page that nobody sees takes no connection; browsers have few for one host.
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) { close(); say('paused', false); } else open();
  });
  window.addEventListener('pagehide', close);
  window.addEventListener('pageshow', event => { if (event.persisted) open(); });
  if (!document.hidden) open();
})();
