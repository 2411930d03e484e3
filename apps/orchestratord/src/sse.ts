/**
 * The exact bytes of OrchQueue v1's stream (ORCH-2002): one function for each frame, all pure. `started`, `token` and
 * the terminal event carry an `id`; `metrics` and comments never do, or a client would skip events on reconnect.
 */
import { formatEventId, terminalCrc } from './event-id.ts';

/** Keeps an idle stream open through proxies; a comment is no event. */
export const keepAliveComment = ':\n\n';

export const startedFrame = (data: string): string => `id: ${formatEventId(0, 0, 0)}\nevent: started\ndata: ${data}\n\n`;

/** `number` is `i + 1`; `bytes` and `crc` include this text. */
export const tokenFrame = (number: number, bytes: number, crc: number, text: string): string =>
  `id: ${formatEventId(number, bytes, crc)}\nevent: token\ndata: {"t":${JSON.stringify(text)},"i":${number - 1}}\n\n`;

export const terminalFrame = (event: 'end' | 'error', number: number, bytes: number, crc: number, data: string): string =>
  `id: ${formatEventId(number, bytes, terminalCrc(crc))}\nevent: ${event}\ndata: ${data}\n\n`;

export const metricsFrame = (data: string): string => `event: metrics\ndata: ${data}\n\n`;
