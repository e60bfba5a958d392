/** The page of a refinement. */
export { refinePage, refinePicture } from "./page.ts";
