import numpy as np, time
from helpers import functional as F
# shattered gradients: width 200, 256 inputs on a line
def slope(depth,bn,skip,seed,width=200,n=256,scale=1.0,last=2.0,pre=True):
    g=np.random.default_rng(seed)
    p=np.linspace(-last,last,n)[:,None]
    w0=g.standard_normal((width,1)); b0=g.standard_normal(width)
    x=p@w0.T+b0
    one,zero=np.ones(width),np.zeros(width)
    ops=[]
    for l in range(depth):
        w=g.standard_normal((width,width))*(2/width)**.5
        if skip:
            h,cb=(F.batch_norm(x,one,zero) if bn else (x,None)); a,cr=F.relu(h); x=x+scale*(a@w.T); ops.append((w,cb,cr))
        else:
            h=x@w.T; h,cb=(F.batch_norm(h,one,zero) if bn else (h,None)); x,cr=F.relu(h); ops.append((w,cb,cr))
    v=g.standard_normal(width)/width**.5
    y=x@v
    dy=np.tile(v,(n,1))
    for w,cb,cr in reversed(ops):
        if skip:
            t=F.relu_backward(scale*dy@w,cr)
            if bn: t=F.batch_norm_backward(t,cb)[0]
            dy=dy+t
        else:
            t=F.relu_backward(dy,cr)
            if bn: t=F.batch_norm_backward(t,cb)[0]
            dy=t@w
    return p[:,0],y,dy@w0[:,0]
def corr(s): 
    s=s-s.mean(); return (s[1:]*s[:-1]).mean()/ (s*s).mean()
for name,k in (("He no bn",dict(bn=0,skip=0)),("bn plain",dict(bn=1,skip=0)),("bn skip",dict(bn=1,skip=1)),("bn skip .1",dict(bn=1,skip=1,scale=.1)),("skip nobn .1",dict(bn=0,skip=1,scale=.1))):
    for d in (2,10,24,50):
        t=time.time(); c=[corr(slope(d,seed=s,**k)[2]) for s in range(5)]
        print(name,d," ".join("%.2f"%q for q in c),"mean %.2f"%np.mean(c),"%.0f ms each"%(200*(time.time()-t)),flush=True)
