/** Tests of the metrics reader on lines that engines really print. */
import { expect, test } from 'vitest';
import { parsePrometheus, prometheusMean, prometheusSamples } from './prometheus.ts';

test('reads plain samples and skips comments', () => {
  const values = parsePrometheus('# HELP llamacpp:n Number\n# TYPE llamacpp:n counter\nllamacpp:n 2081\nllamacpp:s 0.00367\n\n');
  expect([...values]).toEqual([
    ['llamacpp:n', 2081],
    ['llamacpp:s', 0.00367],
  ]);
});

test('adds up the labels of one metric, also where a label holds braces, quotes and spaces', () => {
  const values = parsePrometheus('vllm:n{model="a b",x="}"} 2\nvllm:n{model="say \\"hi\\""} 3.5 1700000000000\r\nvllm:g{} 1e-3');
  expect(values.get('vllm:n')).toBe(5.5);
  expect(values.get('vllm:g')).toBe(0.001);
});

test('skips what is not a finite sample', () => {
  expect([...parsePrometheus('a NaN\nb +Inf\nc\n<html>\nd 1 2 3\ne{ 1')]).toEqual([]);
});

test('takes the mean of a ratio that each of several engines exports', () => {
  const text = 'vllm:kv{engine="0"} 0.5\nvllm:kv{engine="1"} 0.75\nvllm:kv_other 9';
  expect(prometheusMean(text, 'vllm:kv')).toBe(0.625);
  expect(prometheusMean(text, 'vllm:no')).toBeNull();
});

test('reads the labels of one metric and of no other that begins alike', () => {
  const text =
    '# TYPE n gauge\nn{model="a b",kind="}"} 2\nn{model="say \\"hi\\"",version="1"} 3.5 1700000000000\r\nn_total{model="x"} 9\nn 1\nn NaN\n';
  expect(prometheusSamples(text, 'n').map(({ labels, value }) => [Object.fromEntries(labels), value])).toEqual([
    [{ model: 'a b', kind: '}' }, 2],
    [{ model: 'say "hi"', version: '1' }, 3.5],
    [{}, 1],
  ]);
});
