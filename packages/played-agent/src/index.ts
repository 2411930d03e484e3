/** An agent as the controller sees it, for who plays one: whole reports, and the calls that an agent makes. */
export { playAgent } from './play-agent.ts';
export { playedPool, playedReplica, playedStatus } from './played-status.ts';
