/** What a written answer says: its number, letter, yes or no, and how confident it says it is. */
export {};
