/**
 * The simulators of the engines as workers that the agent starts: two processes that are told the same, and so are of one set.
 * A program's own path is not part of what a replica computes, so a replica is broken by another program under the same words.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mockEngineMain, type WireName } from '@llama-orch/adapter-mock';
import { pairsOf, type Target } from '../target.ts';

/** Flags that one replica's program adds behind everybody's back. */
export type SecretFlags = readonly string[];

export type SimulatorOptions = {
  /** Private; the replicas' programs are written below it. */
  readonly dir: string;
  /** Of the second replica of each pair. */
  readonly secondHas?: SecretFlags;
  /** Further fields of the pools. */
  readonly pool?: Readonly<Record<string, unknown>>;
};

type Simulator = {
  readonly engine: 'llamacpp' | 'vllm' | 'tgi' | 'triton';
  readonly wire: WireName;
  /** Further words of its command. */
  readonly flags?: readonly string[];
  readonly server?: string;
};

const simulators = {
  'llamacpp-simulator': { engine: 'llamacpp', wire: 'llamacpp' },
  'vllm-simulator': { engine: 'vllm', wire: 'vllm' },
  'tgi-simulator': { engine: 'tgi', wire: 'tgi' },
  'triton-simulator': { engine: 'triton', wire: 'triton', flags: ['--also', 'grpc={grpc_port}', '--also', 'metrics={metrics_port}'] },
  'trtllm-serve-simulator': { engine: 'triton', wire: 'trtllm-serve', server: 'trtllm-serve' },
} as const satisfies Readonly<Record<string, Simulator>>;

export type SimulatorName = keyof typeof simulators;
export const simulatorNames = Object.keys(simulators) as readonly SimulatorName[];

export function simulatorTarget(name: SimulatorName, { dir, secondHas = [], pool = {} }: SimulatorOptions): Target {
  const { engine, wire, flags = [], server }: Simulator = simulators[name];
  const programs = [writeProgram(join(dir, name, 'first'), []), writeProgram(join(dir, name, 'second'), secondHas)] as const;
  const words = ['--wire', wire, '--host', '{host}', '--port', '{port}', '--slots', '{slots}', '--ctx', '{ctx}', '--model', '{model_name}'];
  return {
    name,
    runsOn: 'simulator',
    modelRef: 'haiku-tiny',
    ...pairsOf((which) => ({
      engine,
      runtime: { kind: 'command', command: [programs[which], ...words, ...flags], ...(server !== undefined && { server }) },
      ...pool,
    })),
    isOurs: true,
  };
}

/** A program that is the simulator with further flags. */
function writeProgram(dir: string, secretFlags: SecretFlags): string {
  mkdirSync(dir, { recursive: true });
  const path = join(dir, 'engine');
  const quoted = [process.execPath, mockEngineMain(), ...secretFlags].map((word) => `'${word}'`).join(' ');
  writeFileSync(path, `#!/bin/sh\nexec ${quoted} "$@"\n`, { mode: 0o755 });
  return path;
}
