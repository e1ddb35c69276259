export { Handle, PlainHandle, type Read } from './handle'
export type { Parameters, Plain } from './program'
export {
  type ConnectOptions,
  connect,
  Session,
  type SessionCounters,
  type SessionFacts,
} from './session'
