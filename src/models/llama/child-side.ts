/** What every child of child.ts does beside its work: it says that it listens, ends with its parent, and leaves no core. */
import type { Serializable } from "node:child_process";
import koffi from "koffi";
import { READY } from "./child.ts";

/** Listens for the parent's orders from now on. */
export function listen<Order>(onOrder: (order: Order) => void): void {
  leaveNoCore();
  process.on("SIGINT", () => {}); // a terminal sends it to both, and it is the parent that knows what to do
  process.on("message", (message) => onOrder(message as Order));
  process.once("disconnect", () => process.exit(1)); // the parent is gone
  tell(READY);
}

/** @param then called when it was said. */
export function tell(message: Serializable, then: () => void = () => {}): void {
  process.send?.(message, undefined, undefined, then);
}

/** What dies here is meant to: no core file of the model's size is left behind for it. */
function leaveNoCore(): void {
  if (process.platform !== "linux") return;
  const PR_SET_DUMPABLE = 4;
  koffi.load(null).func("int prctl(int option, ulong a, ulong b, ulong c, ulong d)")(
    PR_SET_DUMPABLE,
    0,
    0,
    0,
    0,
  );
}
