/** What an agent relies on of its controller (agent.yaml), played against Pact's stand-in and written to contracts/pacts. */
import { agents } from './interactions/agents.ts';
import { recordPact } from './record-pact.ts';

recordPact('pool-managerd', agents);
