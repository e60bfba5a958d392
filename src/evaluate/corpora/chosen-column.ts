/** Which column of rows holds the texts, where nobody says so. */
import type { Column, Reading } from "./reading.ts";
import { columnsOf } from "./rows.ts";
import { malformed, type StoredFile } from "./stored-file.ts";
import { isUnreadable, orLeftOut } from "./unreadable.ts";

type ChosenColumn = Pick<Column, "name" | "isChat">;

/** By the first file that has columns; the others must have that one too. */
export async function columnFor(
  files: readonly StoredFile[],
  given: string | undefined,
  reading: Reading & { isOnlyFile: boolean },
): Promise<ChosenColumn | undefined> {
  for (const file of files) {
    let columns: Column[];
    try {
      columns = await columnsOf(file, reading);
    } catch (error) {
      if (given !== undefined) return { name: given, isChat: false }; // reading says what is wrong, or leaves it out
      if (!reading.onUnreadable || !isUnreadable(error)) throw reading.isOnlyFile ? error : orLeftOut(error);
      continue;
    }
    if (given !== undefined)
      return { name: given, isChat: columns.some((c) => c.name === given && c.isChat) };
    if (columns.length > 0) return choose(columns, file.name);
  }
  return given === undefined ? undefined : { name: given, isChat: false };
}

/** What data sets of chats call their column. */
const CHATS = ["messages", "conversations", "conversation", "chat"];

/** Columns that say which row it is: a text, but not the one that is meant where there is another within a column. */
const NAMES_OF_ROWS: ReadonlySet<string> = new Set([
  "id",
  "_id",
  "uid",
  "uuid",
  "idx",
  "source",
  "url",
  "lang",
  "language",
]);

function choose(columns: readonly Column[], where: string): ChosenColumn {
  const top = columns.filter(({ nested }) => !nested);
  const named = top.find(({ name }) => name === "text");
  if (named) return named;
  const chat = CHATS.map((name) => top.find((column) => column.name === name && column.isChat)).find(Boolean);
  if (chat) return chat;
  const chats = top.filter(({ isChat }) => isChat);
  const nested = columns.filter(({ nested: inside, isText }) => inside && isText);
  const others = chats.length + nested.length > 0;
  const texts = top.filter(({ name, isText }) => isText && !(others && NAMES_OF_ROWS.has(name)));
  if (texts.length === 1) return texts[0]!;
  if (texts.length === 0 && chats.length === 1) return chats[0]!;
  if (texts.length === 0 && chats.length === 0 && nested.length === 1) return nested[0]!;
  throw malformed(
    texts.length === 0 ? "No column holds texts" : "Several columns hold texts, and none is called text",
    where,
    `Name one (column). The columns are: ${columns.map(({ name }) => name).join(", ")}.`,
  );
}
