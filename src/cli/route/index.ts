export { default as car } from "./car.ts";
