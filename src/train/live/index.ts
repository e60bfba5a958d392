/** Runs that are watched while they go on. */
export {
  ALARM_KINDS,
  type AlarmKind,
  type MonitorOptions,
  RunMonitor,
  type TrainingAlarm,
} from "./monitor.ts";
