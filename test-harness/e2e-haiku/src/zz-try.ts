import { startStack } from './stack.ts';
import { createChallenge } from './haiku-challenge.ts';
import { runHaiku } from './haiku-protocol.ts';
const s = await startStack({pools:[{id:'g',sampler_profile_version:'v1-greedy'},{id:'s'}]});
for (const [id,p] of [['g','v1-greedy'],['s','v1']] as const){
let bad=0; const t=performance.now();
for(let i=0;i<300;i++){
 const challenge=createChallenge(new Date(Date.now()+i*60000));
 const r=await runHaiku({client:s.client,workers:new Map([[id,s.worker(id)]]),challenge,modelRef:'haiku-tiny',samplerProfileVersion:p});
 if(r.faults.length){bad++;console.log(r.faults.join('; '),JSON.stringify(r.text))}
}
console.log(p,'bad',bad,performance.now()-t);
}
await s.stop();
