export { default as car } from "./car.ts";
export { default as cascade } from "./cascade.ts";
export { default as deepconf } from "./deepconf.ts";
export { default as exit } from "./exit.ts";
export { default as paq } from "./paq.ts";
