/** Any text with its line breaks and tabs, as HTML. */
import { clusters, escapeMarkup, isLineBreak, visibleCluster } from "../../text/index.ts";

export function textAsHtml(text: string): string {
  let shown = "";
  for (const cluster of clusters(text))
    shown += isLineBreak(cluster) ? "\n" : cluster === "\t" ? cluster : escapeMarkup(visibleCluster(cluster));
  return shown;
}
