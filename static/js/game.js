// The page of a game: frames come in, the view goes out.
import { bind } from "./lib/bind.js";
import { everySecond, serverNow, showCountdowns } from "./lib/clock.js";
import { Commands } from "./lib/commands.js";
import { showState, watchControls } from "./lib/controls.js";
import { watchJoin } from "./lib/join.js";
import { Line } from "./lib/line.js";
import { Model } from "./lib/model.js";
import { Pending } from "./lib/pending.js";
import { showOf } from "./lib/show.js";
import { viewOf } from "./lib/view.js";

const article = document.querySelector("article.game");
const read = (id) => JSON.parse(document.getElementById(id).textContent);
const model = new Model(read("state"), read("texts"), {
  preview: "preview" in article.dataset,
  plays: Boolean(article.querySelector("[data-plays]")),
});
const pending = new Pending(model.game.slug);
const isWanted = (id) => commands.own.some((item) => item.id === id);
const line = new Line(model.game.slug, { onFrame, onLink, isWanted });
const [send, resync] = [(command) => line.send(command), () => line.resync()];
const commands = new Commands(model, pending, send, resync);
let kind = {};

function render() {
  const view = viewOf(model, serverNow(), commands.own.length > 0);
  view.kept = pending.ofOthers(model.me);
  kind.extend?.(view, serverNow(), () => line.resync());
  view.show = { ...showOf(view), ...view.show };
  bind(document.body, view);
  showState(article.querySelector(".chip"), view.phase);
  showCountdowns();
}

function onFrame(frame) {
  model.take(frame);
  if (frame.type === "welcome") commands.resend();
  else if (frame.type === "error") refuse(frame);
  else if (frame.id) take(frame);
  render();
}

function take(reply) {
  const command = commands.replied(reply);
  if (command) kind.reply?.(model, command, reply);
  if (command) feel(reply.verdict);
}

function refuse(error) {
  const command = commands.refused(error);
  if (command) kind.refused?.(model, command, error);
}

function onLink(link) {
  model.link = link;
  render();
}

// A wrong answer is felt as well as read; a saved one makes room for the next.
function feel(verdict) {
  const form = article.querySelector("form[data-question]:not([hidden])");
  if (verdict === "pending" && form?.dataset.shape === "text") form.reset();
  if (verdict !== "wrong" || !form) return;
  form.classList.add("shake");
  form.addEventListener("animationend", () => form.classList.remove("shake"), { once: true });
  form.elements.value?.select();
}

function onSubmit(event) {
  const { command, question, confirm: warning } = event.target.dataset;
  if (command === undefined && question === undefined) return;
  event.preventDefault();
  if (!model.preview && (!warning || confirm(warning))) commands.submit(event.target);
  render();
}

async function loadKind() {
  const script = article.querySelector("[data-script]")?.dataset.script;
  if (!script) return;
  kind = await import(script);
  kind.start?.(article, render, model);
  render();
}

// What another player left unsent is thrown away only where somebody says so.
function onClick(event) {
  const button = event.target.closest("[data-drop]");
  if (!button) return;
  pending.drop(button.value);
  render();
}

article.addEventListener("submit", onSubmit);
article.addEventListener("click", onClick);
watchControls(article);
watchJoin(article.querySelector("form.nickname"));
if (!model.preview) line.open();
loadKind();
everySecond(render);
