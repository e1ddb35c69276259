export * from './attack'
export {
  ATTACK_LOG_HEADER,
  type AttackRow,
  type Change,
  formatAttackRow,
  type ParsedAttacks,
  parseAttacks,
} from './attack-log'
export { type AttackLog, AttackLogWriter, readAttackLog } from './attack-log-file'
export { type FindChangesHooks, findChanges } from './find-changes'
export * from './gap'
export * from './gap-chart'
export { ATTACK_DEFAULTS, type AttackOptions, type PlannedAttack, planAttack } from './plan-attack'
export type { AttackSettings, Confirmation } from './smallest-changes'
