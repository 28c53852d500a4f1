// The page of a game: frames update the model, and the page shows the view of it.
import { bind } from "./lib/bind.js";
import { everySecond, serverNow, showCountdowns } from "./lib/clock.js";
import { Commands } from "./lib/commands.js";
import { Connection } from "./lib/connection.js";
import { showState, watchControls } from "./lib/controls.js";
import { watchJoin } from "./lib/join.js";
import { Model } from "./lib/model.js";
import { Pending } from "./lib/pending.js";
import { showOf } from "./lib/show.js";
import { viewOf } from "./lib/view.js";

const article = document.querySelector("article.game");
const readJson = (id) => JSON.parse(document.getElementById(id).textContent);
const model = new Model(readJson("state"), readJson("texts"), {
  preview: "preview" in article.dataset,
  playable: Boolean(article.querySelector("[data-playable]")),
});
const pending = new Pending(model.game.slug);
const isWanted = (id) => commands.own.some((item) => item.id === id);
const connection = new Connection(model.game.slug, { onFrame, onLink, isWanted });
const send = (command) => connection.send(command);
const resync = () => connection.resync();
const commands = new Commands(model, pending, send, resync);
let kind = {}; // the exports of the kind's own script

function render() {
  const view = viewOf(model, serverNow(), commands.own.length > 0);
  view.unsent = pending.ofOthers(model.me);
  kind.extend?.(view, serverNow(), resync);
  view.show = { ...showOf(view), ...view.show };
  bind(document.body, view);
  showState(article.querySelector(".chip"), view.phase);
  showCountdowns();
}

function onFrame(frame) {
  model.applyFrame(frame);
  if (frame.type === "welcome") commands.resend();
  else if (frame.type === "error") onError(frame);
  else if (frame.id) onReply(frame);
  render();
}

function onReply(reply) {
  const command = commands.onReply(reply);
  if (!command) return;
  kind.reply?.(model, command, reply);
  showVerdict(reply.verdict);
}

function onError(error) {
  const command = commands.onError(error);
  if (command) kind.refused?.(model, command, error);
}

function onLink(link) {
  model.link = link;
  render();
}

// A wrong answer shakes the form. A saved one clears the text, for the next answer.
function showVerdict(verdict) {
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

// Another player's unsent command is deleted only by this button.
function onClick(event) {
  const button = event.target.closest("[data-discard]");
  if (!button) return;
  pending.remove(button.value);
  render();
}

article.addEventListener("submit", onSubmit);
article.addEventListener("click", onClick);
watchControls(article);
watchJoin(article.querySelector("form.nickname"));
if (!model.preview) connection.open();
loadKind();
everySecond(render);
