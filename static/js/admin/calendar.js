// The calendar beside a date field, in years of the Buddhist Era for Thai readers.

const OFFSET = 543;
const FIRST = 2000 + OFFSET;
const LAST = 2099 + OFFSET;

if (document.documentElement.lang.startsWith("th")) useBuddhistEra();

/** Django's calendar reads and writes the field by the first two and is drawn by the third. */
function useBuddhistEra() {
  const { strptime } = String.prototype;
  String.prototype.strptime = function (format) {
    return strptime.call(this.replace(/\d{4}/, gregorianYear), format);
  };
  const { strftime } = Date.prototype;
  Date.prototype.strftime = function (format) {
    return strftime.call(this, format.replace("%Y", String(this.getFullYear() + OFFSET)));
  };
  const { draw } = window.CalendarNamespace;
  window.CalendarNamespace.draw = function (month, year, id, ...rest) {
    draw(month, year, id, ...rest);
    const caption = document.querySelector(`#${id} caption`);
    caption.textContent = caption.textContent.replace(/\d{4}/, (digits) => Number(digits) + OFFSET);
  };
}

/** A year of either era as a Gregorian one. */
function gregorianYear(text) {
  const year = Number(text);
  return String(year >= FIRST && year <= LAST ? year - OFFSET : year);
}
