// The calendar beside a date, for readers who count years by the Buddhist Era.

const AHEAD = 543;
const FIRST = 2000 + AHEAD;
const LAST = 2099 + AHEAD;

if (document.documentElement.lang.startsWith("th")) countBuddhist();

/** Django's calendar reads and writes the input by these two, and draws the third. */
function countBuddhist() {
  const { strptime } = String.prototype;
  String.prototype.strptime = function (format) {
    return strptime.call(this.replace(/\d{4}/, commonYear), format);
  };
  const { strftime } = Date.prototype;
  Date.prototype.strftime = function (format) {
    return strftime.call(this, format.replace("%Y", String(this.getFullYear() + AHEAD)));
  };
  const { draw } = window.CalendarNamespace;
  window.CalendarNamespace.draw = function (month, year, id, ...rest) {
    draw(month, year, id, ...rest);
    const caption = document.querySelector(`#${id} caption`);
    caption.textContent = caption.textContent.replace(/\d{4}/, (said) => Number(said) + AHEAD);
  };
}

/** The year as the rest of the world counts it. */
function commonYear(said) {
  const year = Number(said);
  return String(year >= FIRST && year <= LAST ? year - AHEAD : year);
}
