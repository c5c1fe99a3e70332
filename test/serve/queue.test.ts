import { describe, expect, test } from 'vitest';
import { KeyedQueue } from '../../lib/serve/queue.ts';

/** A queue whose work goes on until it is told to end. */
function make(concurrency: number, capacity = 10, groups?: number) {
  const started: string[] = [];
  const ends = new Map<string, () => void>();
  const queue = new KeyedQueue<string>({
    concurrency,
    capacity,
    ...(groups === undefined ? {} : { groups, groupOf: (item: string) => /^([a-z]+)@/.exec(item)?.[1] }),
    merge: (waiting, added) => (added.endsWith('!') ? `${waiting}+${added}` : groups === undefined ? waiting : added),
    work: (item) =>
      new Promise((resolve) => {
        started.push(item);
        ends.set(item, resolve);
      }),
  });
  const finish = async (item: string) => {
    ends.get(item)!();
    await new Promise(setImmediate);
  };
  return { queue, started, finish };
}

describe('the queue', () => {
  test('works on so many keys side by side, in the order in which they came', async () => {
    const { queue, started, finish } = make(2);
    for (const key of ['a', 'b', 'c', 'd']) expect(queue.add(key, key)).toBe('queued');
    expect([started, queue.running, queue.waiting]).toEqual([['a', 'b'], 2, 2]);
    await finish('b');
    expect(started).toEqual(['a', 'b', 'c']);
  });

  test('makes one of what waits and of what joins it', async () => {
    const { queue, started, finish } = make(1);
    queue.add('a', 'a1');
    queue.add('b', 'b1');
    expect(queue.add('b', 'b2!')).toBe('joined');
    await finish('a1');
    expect(started).toEqual(['a1', 'b1+b2!']);
  });

  test('works on a key once at a time, and however often it comes meanwhile, once more', async () => {
    const { queue, started, finish } = make(2);
    queue.add('a', 'a1');
    expect([queue.add('a', 'a2'), queue.add('a', 'a3'), queue.add('a', 'a4')]).toEqual(['queued', 'joined', 'joined']);
    queue.add('b', 'b');
    expect(started).toEqual(['a1', 'b']);
    await finish('b');
    expect(started).toEqual(['a1', 'b']);
    await finish('a1');
    expect(started).toEqual(['a1', 'b', 'a2']);
    await finish('a2');
    expect([queue.running, queue.waiting]).toEqual([0, 0]);
  });

  test('says when it is full; what waits already is still joined', async () => {
    const { queue, finish } = make(1, 2);
    for (const key of ['a', 'b', 'c']) queue.add(key, key);
    expect(queue.add('d', 'd')).toBe('full');
    expect(queue.add('c', 'c')).toBe('joined');
    await finish('a');
    expect(queue.add('d', 'd')).toBe('queued');
  });

  test('once closed it starts nothing more and waits for what runs', async () => {
    const { queue, started, finish } = make(1);
    queue.add('a', 'a');
    queue.add('b', 'b');
    let closed = false;
    const closing = queue.close().then(() => {
      closed = true;
    });
    expect(queue.add('c', 'c')).toBe('full');
    await new Promise(setImmediate);
    expect(closed).toBe(false);
    await finish('a');
    await closing;
    expect([started, queue.waiting]).toEqual([['a'], 1]);
  });

  describe('with groups', () => {
    test('one that floods takes half of the places, and what has no group the other half', async () => {
      const { queue, started } = make(4, 100, 2);
      for (let i = 0; i < 20; i++) queue.add(`main@${i}`, `main@${i}`);
      expect(started).toEqual(['main@0', 'main@1']);
      queue.add('push', 'push');
      queue.add('push2', 'push2');
      expect(started.slice(2)).toEqual(['push', 'push2']);
    });

    test('the group of which least runs is next, and what has none goes before all', async () => {
      const { queue, started, finish } = make(4, 100, 2);
      for (const item of ['main@0', 'main@1', 'main@2', 'other@0']) queue.add(item, item);
      await finish('main@0');
      expect(started).toEqual(['main@0', 'main@1', 'other@0']);
      for (const item of ['a', 'b', 'c']) queue.add(item, item);
      await finish('main@1');
      expect(started.slice(3)).toEqual(['a', 'b', 'c']);
    });

    test('one that floods is full at its share; others and what has no group are not', () => {
      const { queue } = make(1, 8, 2);
      queue.add('running', 'running');
      expect([0, 1, 2].map((i) => queue.add(`main@${i}`, `main@${i}`))).toEqual(['queued', 'queued', 'full']);
      expect([0, 1, 2].map((i) => queue.add(`other@${i}`, `other@${i}`))).toEqual(['queued', 'queued', 'full']);
      expect([0, 1, 2, 3, 4].map((i) => queue.add(`p${i}`, `p${i}`))).toEqual([...new Array(4).fill('queued'), 'full']);
    });

    test('what somebody else asks for as well has no group any more', async () => {
      const { queue, started, finish } = make(1, 8, 1);
      queue.add('running', 'running');
      for (const key of ['a', 'b']) queue.add(key, `main@${key}`);
      queue.add('b', 'b');
      await finish('running');
      expect(started).toEqual(['running', 'b']);
    });
  });
});
