export { Handle, PlainHandle, type Read } from './handle'
export type { Parameters, Plain } from './program'
export { connect, Session } from './session'
export type { ConnectOptions, SessionCounters, SessionFacts } from './session-types'
