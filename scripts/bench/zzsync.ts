import { LocalForge } from '../../lib/forge/local.ts';
import { openGitAppsRepo } from '../../lib/gitops/open.ts';
import { syncPullRequest } from '../../lib/sync/sync.ts';
import { readFileSync, writeFileSync, existsSync } from 'node:fs';
const d='/tmp/perfwork/syncdata';
const clock=()=>Math.floor(Date.now()/1000);
const forge=new LocalForge(d+'/forge'); const repo=await openGitAppsRepo(d+'/previews-10000.git',{clock});
let n=existsSync(d+'/n')?Number(readFileSync(d+'/n','utf8')):0;
const N=Number(process.argv[2]??60); const cpu:number[]=[],wall:number[]=[];
const T:Record<string,number[]>={};
const wrap=(o:any,names:string[],p:string)=>{for(const k of names){const f=o[k].bind(o);o[k]=async(...a:any[])=>{const u=process.cpuUsage(),t=performance.now();const r=await f(...a);const v=process.cpuUsage(u);const key=p+k+(k==='read'?':'+a[0].join(',').replace(/\d+/g,'N').slice(0,50):'');(T[key]??=[]).push(performance.now()-t);(T[key+' cpu']??=[]).push((v.user+v.system)/1000);return r}}};
if(process.argv[3]){wrap(repo,['read','commit'],'repo.');wrap(forge,['pullRequest','readFile','readFolder','publish'],'forge.');}
for(let i=0;i<N;i++){const u=process.cpuUsage(),t=performance.now();const r=await syncPullRequest({forge,repo,clock},{owner:'acme',name:'shop'},++n);if(r.effect!=='create')throw new Error(r.effect);const v=process.cpuUsage(u);cpu.push((v.user+v.system)/1000);wall.push(performance.now()-t)}
writeFileSync(d+'/n',String(n));
await repo.close();await forge.close();
const s=(x:number[])=>{const a=[...x].slice(x.length>40?x.length/4|0:0).sort((p,q)=>p-q);return `min ${a[0]!.toFixed(2)} q1 ${a[a.length>>2]!.toFixed(2)} med ${a[a.length>>1]!.toFixed(2)}`};
console.log('cpu ',s(cpu),'| wall',s(wall),'rss',(process.memoryUsage.rss()/1e6)|0);
for(const [k,v] of Object.entries(T)) console.log(k.padEnd(60),s(v));
