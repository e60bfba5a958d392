import { describe, expect, it } from "vitest";
import { proxyFor } from "./proxy.ts";

describe("proxies", () => {
  it.each([
    ["https://a.example/", { HTTPS_PROXY: "http://p:1" }, "http://p:1/"],
    ["https://a.example/", { https_proxy: "p:1" }, "http://p:1/"],
    ["https://a.example/", { HTTP_PROXY: "http://p:1" }, null],
    ["http://a.example/", { ALL_PROXY: "http://p:1" }, "http://p:1/"],
    ["https://a.example/", { HTTPS_PROXY: "http://p:1", NO_PROXY: "*" }, null],
    ["https://a.example/", { HTTPS_PROXY: "http://p:1", NO_PROXY: "b.example, example" }, null],
    ["https://a.example/", { HTTPS_PROXY: "http://p:1", no_proxy: ".example" }, null],
    ["https://a.example/", { HTTPS_PROXY: "http://p:1", NO_PROXY: "a.example:443" }, null],
    ["https://a.example:8443/", { HTTPS_PROXY: "http://p:1", NO_PROXY: "a.example:443" }, "http://p:1/"],
    ["https://notexample/", { HTTPS_PROXY: "http://p:1", NO_PROXY: "example" }, "http://p:1/"],
  ])("%s with %j goes through %s", (address, environment, expected) => {
    expect(proxyFor(new URL(address), environment)?.href ?? null).toBe(expected);
  });

  it("have to be http", () => {
    expect(() => proxyFor(new URL("http://a/"), { ALL_PROXY: "socks5://p:1" })).toThrow(/not an http.*SOCKS/);
  });
});
