/** Queues that cannot be used, and what is said of them. */
import { describe, expect, it } from "vitest";
import { needing } from "../../../test/needing.ts";
import { slowModel } from "../../../test/queue-shards.ts";
import { RedisServer, withoutRedis } from "../../../test/redis-server.ts";
import { TableModel } from "../../models/test/index.ts";
import { queueExecutor } from "./index.ts";

describe("a queue that cannot be used", () => {
  const options = { model: slowModel(), reference: "table" };

  needing(withoutRedis).it("says that nobody answers, without the password", async () => {
    const error = await queueExecutor("redis://:s3cret@127.0.0.1:1", options).then(
      () => null,
      (reason: Error) => reason,
    );
    expect(error).toMatchObject({ code: "QUEUE_UNREACHABLE", where: "redis://127.0.0.1:1" });
    expect(error!.message).not.toContain("s3cret");
  });

  needing(withoutRedis).it("has no database of that number", async () => {
    await using server = await RedisServer.start();
    await expect(queueExecutor(`${server.url}/99`, options)).rejects.toMatchObject({
      code: "QUEUE_UNREACHABLE",
    });
    const executor = await queueExecutor(`${server.url}/1`, options);
    await executor[Symbol.asyncDispose]();
  });

  it("is no address", async () => {
    for (const url of ["http://host", "host:6379", "redis:///", "", "redis://host/name", "redis://host/1/2"])
      await expect(queueExecutor(url, options)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  it("is for a model without a sha256", async () => {
    await expect(
      queueExecutor("redis://127.0.0.1:1", { model: TableModel.bytes(), reference: "table" }),
    ).rejects.toMatchObject({ code: "UNSUPPORTED_CAPABILITY" });
  });
});
