/** Parquet files made by hyparquet-writer, in row groups as small as a test needs. */
import { type ColumnSource, parquetWriteBuffer } from "hyparquet-writer";

export function parquetBytes(columnData: ColumnSource[], rowGroupSize = 1000): Buffer {
  return Buffer.from(parquetWriteBuffer({ columnData, rowGroupSize }));
}
