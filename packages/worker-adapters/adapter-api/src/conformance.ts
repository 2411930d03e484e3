/** The conformance suite: what any adapter must do, against a scripted engine. It knows no engine's wire. */
export type * from './engine-control.ts';
