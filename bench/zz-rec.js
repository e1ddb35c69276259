// alternates variants of captureCallSite between steps, in the real session
require('ts-node/register/transpile-only')
const cs=require('/work/main/src/bridge/call-site'); const orig=cs.captureCallSite
const { measure }=require('/work/main/bench/measure'); const { TypeScriptSide }=require('/work/main/bench/typescript-side')
const depth=d=>function f(){ const l=Error.stackTraceLimit; Error.stackTraceLimit=d; const s={}; Error.captureStackTrace(s,f); Error.stackTraceLimit=l; return s }
const err=d=>function(){ const l=Error.stackTraceLimit; Error.stackTraceLimit=d; const s=new Error(); Error.stackTraceLimit=l; return s }
const variants={orig, none:()=>({}), e9:err(9), e6:err(6), e1:err(1)}
const names=Object.keys(variants); const out={}; let i=0
const upd=TypeScriptSide.prototype.update
TypeScriptSide.prototype.update=async function(...a){ const n=names[i++%names.length]; cs.captureCallSite=variants[n]; const r=await upd.apply(this,a); (out[n]??=[]).push(r.phases.recordMs); return r }
const { PythonSide }=require('/work/main/bench/python-side'); 
const med=a=>a.slice(4).sort((x,y)=>x-y)[(a.length-4)>>1]
process.env.NOLIM||measure({device:'cpu',threads:1,checkedUpdates:1,timedUpdates:Number(process.argv[2])}).then(()=>{ for(const n of names) console.log(n, med(out[n]).toFixed(2), 'min', Math.min(...out[n].slice(4)).toFixed(2), 'p25', out[n].slice(4).sort((x,y)=>x-y)[(out[n].length-4)>>2].toFixed(2)) })
