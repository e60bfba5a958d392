export { numberOf, stepNumber } from "./numbering.ts";
export {
  SEGMENTATIONS,
  type Segmentation,
  type SegmentationName,
  type SegmentBy,
  type SegmentedStep,
  segment,
} from "./segment.ts";
