import numpy as np, time
from helpers import functional as F
def net(depth,bn,skip,seed,width=200,n=256,scale=1.0,last=2.0,fixed=True):
    g=np.random.default_rng(seed)
    p=np.linspace(-last,last,n)
    w0=g.standard_normal(width); b0=g.standard_normal(width)
    x=np.outer(p,w0)+b0; dx=np.tile(w0,(n,1)); mixed=[];flips=[]
    for l in range(depth):
        w=g.standard_normal((width,width))*(2/width)**.5
        h,dh=(x,dx) if skip else (x@w.T,dx@w.T)
        if bn:
            s=h.std(0)+1e-9; h=(h-h.mean(0))/s; dh=dh/s
        on=h>0; share=on.mean(0); mixed.append(((share>.05)&(share<.95)).mean()); flips.append((on[1:]!=on[:-1]).mean())
        a,da=np.maximum(h,0),dh*on
        if skip: x,dx=x+scale*(a@w.T),dx+scale*(da@w.T)
        else: x,dx=a,da
    v=g.standard_normal(width)/width**.5
    return p,x@v,dx@v,mixed,flips
def corr(s): 
    s=s-s.mean(); return (s[1:]*s[:-1]).mean()/ (s*s).mean()
for last in (2.0,1.0):
  for name,k in (("He no bn",dict(bn=0,skip=0)),("bn plain",dict(bn=1,skip=0)),("bn skip",dict(bn=1,skip=1)),("bn skip .1",dict(bn=1,skip=1,scale=.1)),("he skip no bn",dict(bn=0,skip=1))):
    for d in (2,10,24,50):
        r=[net(d,seed=s,last=last,**k) for s in range(8)]
        c=[corr(q[2]) for q in r]
        print(last,name,d," ".join("%.2f"%q for q in c),"mean %.2f"%np.mean(c),"slope size %.1e"%np.median([np.std(q[2]) for q in r]),"mixed last %.2f"%np.mean([q[3][-1] for q in r]),"flips last %.4f all %.3f"%(np.mean([q[4][-1] for q in r]),np.mean([np.mean(q[4]) for q in r])),flush=True)
