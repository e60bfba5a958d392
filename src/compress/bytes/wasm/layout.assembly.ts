/**
 * Where everything lies in the memory of one instance, in bytes. All of it is fixed: nothing is allocated.
 *
 * [0, SMALL_END) is small and copied whole when an instance starts again; the slots are copied page by page, and only
 * those that were written to (DIRTY); the text needs no copy.
 */

/** Contexts that are looked up by their hash, one slot each per half byte. */
export const CONTEXTS: u32 = 12;
/** Inputs of a mixer; a multiple of 8. */
export const INPUTS: u32 = 32;
/** Sets of weights that read the inputs, each chosen by another context; the last mixer reads what they say. */
export const MIXERS: u32 = 6;
/** Sets of weights that a mixer chooses from. */
export const SETS: u32 = 2048;

/** i16[4096]: p in 4096ths to ln(p / (1 - p)), in 256ths. */
export const STRETCH: usize = 1024;
/** u16[6144]: x in 256ths, from -12 to 12, to 1 / (1 + e^-x), in 65536ths. */
export const SQUASH: usize = STRETCH + 4096 * 2;
/** u8[256][2]: the state of a history after one more bit. */
export const NEXT: usize = SQUASH + 6144 * 2;
/** u8[256][2]: zeros and ones that a state stands for; only used to make the tables. */
export const COUNTS: usize = NEXT + 512;
/** u32[1024]: 65536 / (n + 1.5), the pace of a probability that has seen n bits. */
export const PACE: usize = COUNTS + 512;

/** u32[CONTEXTS]: address of the slot of each context. */
export const SLOT: usize = PACE + 1024 * 4;
/** u32[CONTEXTS]: hash of each context of the byte. */
export const HASH: usize = SLOT + 64;
/** i16[INPUTS] */
export const INPUT: usize = HASH + 64;
/** u32[MIXERS]: address of the weights in use. */
export const CHOSEN: usize = INPUT + 64;
/** i16[8]: what the mixers say, stretched; two are empty. */
export const OPINION: usize = CHOSEN + 64;
/** i32[8]: the same as probabilities. */
export const OPINION_P: usize = OPINION + 64;

/** u32[CONTEXTS][256]: p of a one after a state, 22 bits, and how often it was seen, 10 bits. */
export const STATE_P: usize = 65536;
/** u32[4096]: p of the bit that the match expects. */
export const MATCH_P: usize = STATE_P + <usize>CONTEXTS * 1024;
/** i32[256 + ...][8]: weights of the last mixer. */
export const LAST_WEIGHTS: usize = MATCH_P + 4096 * 4;
/** u16[65536]: p of a one by the byte before and the bits of this one. */
export const DIRECT_1: usize = LAST_WEIGHTS + 2048 * 32;
/** u16[1024 * 1024]: the same by the hash of two bytes before. */
export const DIRECT_2: usize = DIRECT_1 + 65536 * 2;
/** i32[MIXERS][SETS][INPUTS] */
export const WEIGHTS: usize = DIRECT_2 + 1024 * 1024 * 2;
/** u16[65536][33]: two corrections of the final probability. */
export const CORRECTION_1: usize = WEIGHTS + <usize>(MIXERS * SETS * INPUTS) * 4;
export const CORRECTION_2: usize = CORRECTION_1 + 65536 * 33 * 2;
/** u32[MATCH_ENTRIES]: last place of six bytes, by their hash. */
export const MATCH_ENTRIES: u32 = 1 << 18;
export const MATCH_TABLE: usize = CORRECTION_2 + 65536 * 33 * 2;
export const SMALL_END: usize = (MATCH_TABLE + <usize>MATCH_ENTRIES * 4 + 65535) & ~65535;

/** u8[SLOT_BYTES / PAGE]: 1 where a page of slots was written to. */
export const PAGE_BITS: usize = 12;
export const SLOT_BYTES: usize = 1 << 25;
export const DIRTY: usize = SMALL_END;
/** Slots of 16 bytes: a check of the hash, then the states of the 15 nodes of half a byte. */
export const SLOTS: usize = DIRTY + (SLOT_BYTES >> PAGE_BITS);

/** u32[COPY_ENTRIES]: place of an aligned block, by its hash; 0 is none. */
export const COPY_ENTRIES: u32 = 1 << 16;
export const COPY_TABLE: usize = SLOTS + SLOT_BYTES;
/** What is coded comes from or goes to here. */
export const CODED_BYTES: usize = 1 << 20;
export const CODED: usize = COPY_TABLE + <usize>COPY_ENTRIES * 4;

/** The text: the primer, then the chunk. */
export const TEXT: usize = CODED + CODED_BYTES;
export const PRIMER_ROOM: usize = 1 << 19;
export const CHUNK_ROOM: usize = 1 << 24;
export const END: usize = TEXT + PRIMER_ROOM + CHUNK_ROOM + 65536;
