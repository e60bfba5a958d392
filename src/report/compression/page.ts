import type { CompressionView } from "./view.ts";
export function compressionPage(view: CompressionView): string {
  return view.title;
}
