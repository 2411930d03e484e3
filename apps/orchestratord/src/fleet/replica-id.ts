/** What a replica's id says: `pool_id/start_count`. */

export const poolIdOf = (replicaId: string): string => replicaId.slice(0, replicaId.lastIndexOf('/'));

export const startCountOf = (replicaId: string): number => Number(replicaId.slice(replicaId.lastIndexOf('/') + 1));
