import numpy as np, time
from helpers import functional as F
rng=np.random.default_rng(0)
# 1 products
for scale in (1, 0.1, 0.01):
    x=rng.standard_normal(100).astype(np.float32); size=[]
    with np.errstate(all="ignore"):
        for l in range(100):
            x=(scale*rng.standard_normal((100,100)).astype(np.float32))@x
            size.append(x.std())
    print(scale, size[0], size[9], size[37:40], size[-1])
for s in (0.09,0.1,0.11):
    r=[]
    for seed in range(5):
        g=np.random.default_rng(seed); x=g.standard_normal(100)
        for l in range(100): x=s*g.standard_normal((100,100))@x
        r.append(x.std())
    print(s, ["%.1e"%v for v in r], (10*s)**100)
# 2 variance through linear + relu
x=rng.standard_normal((1000,400)); w=rng.standard_normal((300,400))*0.07
h=x@w.T; print("var h", h.var(), 400*0.0049*(x**2).mean())
a=np.maximum(h,0); print("mean a2/var h", (a**2).mean()/h.var(), "var a/var h", a.var()/h.var(), (1-1/np.pi)/2)
dy=rng.standard_normal((1000,300)); dx=dy@w; print("var dx",dx.var(),300*.0049)
# depth 50 with LeCun, Glorot, He under identity, tanh, relu; width 200 -> 100 alternating?
def stack(act,back,stdf,widths,seed,n=256):
    g=np.random.default_rng(seed); x=g.standard_normal((n,widths[0])); caches=[];
    x0=(x**2).mean()**.5
    for i,o in zip(widths,widths[1:]):
        w=stdf(i,o)*g.standard_normal((o,i)); y,c=act(x@w.T); caches.append((w,c)); x=y
    up=dy=g.standard_normal(x.shape)
    for w,c in reversed(caches): dy=back(dy,c)@w
    return (x**2).mean()**.5/x0, (dy**2).mean()**.5/(up**2).mean()**.5
acts={"identity":(F.identity,F.identity_backward),"tanh":(F.tanh,F.tanh_backward),"relu":(F.relu,F.relu_backward)}
stds={"lecun":lambda i,o:(1/i)**.5,"glorot":lambda i,o:(2/(i+o))**.5,"he":lambda i,o:(2/i)**.5,"torch":lambda i,o:(1/(3*i))**.5}
for an,a in acts.items():
    for sn,s in stds.items():
        for wn,wd in (("200 x 30",[200]*31),("halving 1600..25",[1600,800,400,200,100,50,25])):
            f=[stack(*a,s,wd,k) for k in range(3)]
            print(an,sn,wn,"fwd", " ".join("%.1e"%q[0] for q in f),"bwd"," ".join("%.1e"%q[1] for q in f))
# conv
for pad,stride in ((0,1),(1,1),(0,2)):
    x=rng.standard_normal((32,16,20,20)); w=rng.standard_normal((32,16,3,3))*(2/144)**.5
    y,c=F.conv2d(x,w,None,stride=stride,padding=pad); a=np.maximum(y,0)
    dy=rng.standard_normal(y.shape); dx,dw,_=F.conv2d_backward(dy,c)
    print("conv pad",pad,"stride",stride,"y var",y.var(),"a2",(a**2).mean(),"dx var",dx.var(), "w var*fan_out", 2/144*32*9, "interior", dx[:,:,4:-4,4:-4].var())
print("article", (2/(16*64+16*441))**.5, (2/(64+1024))**.5, (2/(8*16*16+8*81))**.5,(2/(16*16+8*16))**.5,(2/(16*16+8*16*1))**.5, (2/(648+10))**.5)
print("fc def",(2/(648+10))**.5)
# truncated: torch trunc std, kind of 2 sigma
z=rng.standard_normal(1000000); t=z[abs(z)<2]; print("trunc std", t.std(), t.std()**50, t.std()**2)
# subnormals
for v in (1.0,1e-30,1e-40,0.0):
    a=np.full((1000,1000),v,np.float32); b=np.full((1000,1000),0.5,np.float32)
    ts=[]
    for _ in range(3):
        t0=time.perf_counter(); a*b; ts.append(time.perf_counter()-t0)
    m=np.full((500,500),v,np.float32)*rng.random((500,500)).astype(np.float32); k=rng.random((500,500)).astype(np.float32)
    tm=[]
    for _ in range(3):
        t0=time.perf_counter(); m@k; tm.append(time.perf_counter()-t0)
    print("subnormal",v,"elementwise %.2f ms"%(1e3*min(ts)),"matmul %.2f ms"%(1e3*min(tm)))
