# insights: learning rate fairness for degradation; insert identity layers; update/weight ratio; bundled sizes
import numpy as np, time, sys
sys.argv=["d","0"]; exec(open("/tmp/exp10/d.py").read().split("for skips,scale")[0])
for depth in (5,40):
  for lr in (1e-4,3e-4,1e-3,3e-3):
    n=net(depth,0,0,1); h=training.fit(n,part,optim.Adam(n.parameters(),lr=lr),epochs,100,0); print("plain",depth,lr,training.evaluate(n,part.x_train,part.y_train),h.train_loss[-1],flush=True)
# longer training
for depth in (5,40):
    n=net(depth,0,0,1); h=training.fit(n,part,optim.Adam(n.parameters(),lr=3e-4),20,100,0); print("plain 20 epochs",depth,["%.3f"%v for v in h.train_loss[::4]],training.evaluate(n,part.x_train,part.y_train),flush=True)
# identity insertion
n=net(5,0,0,1); training.fit(n,part,optim.Adam(n.parameters(),lr=1e-3),epochs,100,0)
print("5 layers", training.evaluate(n,part.x_train,part.y_train))
ls=list(n.layers); eyes=[]
for _ in range(35):
    d=Linear(64,64,0); d.weight.value[...]=np.eye(64); eyes+= [Sequential(d,ReLU())]
deep=Sequential(*ls[:-1],*eyes,ls[-1]); print("40 layers, 35 of them identities", training.evaluate(deep,part.x_train,part.y_train), np.abs(deep.forward(x)-n.forward(x)).max())
# update/weight
for lr in (1e-5,1e-4,1e-3,1e-2,1e-1):
    n=net(5,0,0,1); before=None; seen=[]
    opt=optim.Adam(n.parameters(),lr=lr)
    w=n.layers[4].layers[0].weight if hasattr(n.layers[4],"layers") else None
    class CB:
        last=None
        def __call__(s,step,net_,loss):
            if s.last is not None: seen.append(np.linalg.norm(w.value-s.last)/np.linalg.norm(s.last))
            s.last=w.value.copy()
    try:
        h=training.fit(n,part,opt,epochs,100,0,callback=CB()); print("adam",lr,"ratio early %.1e mid %.1e late %.1e"%(seen[2],seen[50],np.mean(seen[-20:])),h.train_loss,flush=True)
    except FloatingPointError as e: print(lr,e)
for lr in (1e-3,1e-2,1e-1,1):
    n=net(5,0,0,1); seen=[]
    opt=optim.SGD(n.parameters(),lr=lr); w=n.layers[4].layers[0].weight
    try:
        h=training.fit(n,part,opt,epochs,100,0,callback=CB()); print("sgd",lr,"ratio early %.1e mid %.1e late %.1e"%(seen[2],seen[50],np.mean(seen[-20:])),h.train_loss,flush=True)
    except FloatingPointError as e: print(lr,"diverged")
