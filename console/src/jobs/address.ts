// What was chosen of the jobs stands in the address, so that it is there after a reload, and in a link.
import { batch, effect } from "@preact/signals";
import { place } from "../route.ts";
import { firstOrder, ofRoute, ofStatus, order, ORDERS, statesOf, tab, words } from "./view.ts";

function fromAddress(): void {
  const said = new URLSearchParams(location.hash.split("?")[1] ?? "");
  if (place.value.page !== "jobs" || said.size === 0) return;
  const which = said.get("tab") === "ended" ? "ended" : "live";
  const by = ORDERS.find((each) => each === said.get("by")) ?? firstOrder(which);
  batch(() => {
    tab.value = which;
    words.value = said.get("text") ?? "";
    ofRoute.value = said.get("route") ?? "";
    ofStatus.value = statesOf(which).find((each) => each === said.get("state")) ?? "";
    order.value = { by, isDown: said.get("up") === null };
  });
}

function toAddress(): void {
  const said = new URLSearchParams();
  const { by, isDown } = order.value;
  if (tab.value === "ended") said.set("tab", "ended");
  if (words.value) said.set("text", words.value);
  if (ofRoute.value) said.set("route", ofRoute.value);
  if (ofStatus.value) said.set("state", ofStatus.value);
  if (by !== firstOrder(tab.value)) said.set("by", by);
  if (!isDown) said.set("up", "");
  const address = said.size > 0 ? `#/?${said}` : "#/";
  if (place.value.page === "jobs" && location.hash !== address && (location.hash !== "" || said.size > 0)) history.replaceState(history.state, "", address);
}

addEventListener("hashchange", fromAddress);
fromAddress();
effect(toAddress);
