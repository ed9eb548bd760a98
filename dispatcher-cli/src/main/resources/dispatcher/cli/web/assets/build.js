// Shows the log of a build as it comes. Keeps the last rows only; all of it is behind the links beside it.
'use strict';
(() => {
  const view = document.getElementById('log-rows');
  if (!view) return;
  const MOST_ROWS = 5000;
  const MOST_CHARS = 2000000;
  const AGAIN = 2000;
  const QUIET = 25000; // The stream gives a sign of life every 10 s.
  let from = null;
  let stream = null;
  let watchdog = 0;
  let chars = 0;
  let isCut = false;
  let isOver = false;

  function say(text) {
    const state = document.getElementById('log-state');
    if (state && state.textContent !== text) state.textContent = text;
  }

  function words(state) {
    return isCut ? state + '; only its end is shown' : state;
  }

  function isFollowing() {
    const box = document.getElementById('log-follow');
    return !box || box.checked;
  }

  function trim() {
    while (view.childElementCount > 1 && (view.childElementCount > MOST_ROWS || chars > MOST_CHARS)) {
      const first = view.firstElementChild;
      chars -= first.textContent.length;
      first.remove();
      isCut = true;
    }
  }

  function add(markup) {
    const template = document.createElement('template');
    template.innerHTML = markup;
    for (const row of template.content.children) chars += row.textContent.length;
    view.append(template.content);
    trim();
    if (isFollowing()) view.scrollTop = view.scrollHeight;
  }

  function close() {
    clearTimeout(watchdog);
    if (stream) stream.close();
    stream = null;
  }

  function alive() {
    clearTimeout(watchdog);
    watchdog = setTimeout(lose, QUIET);
  }

  function lose() {
    close();
    say('The log is disconnected; trying again');
    watchdog = setTimeout(open, AGAIN);
  }

  function open() {
    close();
    if (isOver || document.hidden) return;
    stream = new EventSource(view.dataset.events + (from === null ? '' : '?from=' + from));
    alive();
    stream.addEventListener('begin', event => {
      if (from === null) {
        from = event.data;
        isCut = from !== '0';
      }
      say(words('The log is live'));
      alive();
    });
    stream.addEventListener('rows', event => {
      from = event.lastEventId;
      add(event.data);
      say(words('The log is live'));
      alive();
    });
    stream.addEventListener('quiet', alive);
    stream.addEventListener('busy', event => {
      close();
      say(event.data);
      watchdog = setTimeout(open, QUIET);
    });
    stream.addEventListener('end', event => {
      isOver = true;
      close();
      say(event.data || (view.childElementCount ? words('The log is complete') : 'It has printed nothing.'));
    });
    stream.onerror = lose;
  }

  // When the page was sent anew, its place is empty.
  document.addEventListener('dispatcher:changed', () => {
    const place = document.getElementById('log-rows');
    if (!place || place === view) return;
    place.replaceWith(view);
    if (isFollowing()) view.scrollTop = view.scrollHeight;
  });
  // A page that nobody sees takes no connection; browsers have few for one host.
  document.addEventListener('visibilitychange', () => { if (document.hidden) close(); else open(); });
  window.addEventListener('pagehide', close);
  window.addEventListener('pageshow', event => { if (event.persisted) open(); });
  open();
})();
